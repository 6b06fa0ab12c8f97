/* signals.h - how the program ends by a signal: with nothing left behind, and with the death that
 * the signal means. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/* From now on every signal that ends the program removes what is not committed (base/outfile.h)
 * first. */
void signals_clean_up(void);

/* The same calls this, too, which may do what a handler may: a mount goes. */
void signals_release_by(void (*fn)(void));

/* The first SIGINT, SIGTERM or SIGHUP sets *stop, for a result of what there is so far;
 * SIGNALS_PATIENCE_MS later, or at the next one, the program ends wherever it is. */
#define SIGNALS_PATIENCE_MS 80
void signals_stop_by(volatile int *stop);
/* So much patience instead. */
void signals_wait(unsigned ms);

/* Die of the signal that came, as the program would have without a handler: a shell sees 128 + n.
 * Returns when none came. */
void signals_end(void);

#endif
