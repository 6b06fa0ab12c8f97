/* terminal.h - how large the terminal is, and whether it has many colours. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "cli/cli.h"

#define TERMINAL_CELLS_MAX 1000u

/* --size WxH, or a usage error was reported. */
bool terminal_parse_size(struct cli *cli, unsigned width_min, unsigned height_min,
                         unsigned *ret_width, unsigned *ret_height);

/* Of stdout; 80 x 24 if it is none, or says not. */
void terminal_size(unsigned *ret_width, unsigned *ret_height);

/* Colours are wanted, and 256 of them are there. */
bool terminal_has_256_colors(const struct cli *cli);

#endif
