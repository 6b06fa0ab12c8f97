/* streams.c - descriptors 0 to 2, and what is printed on the second of them.
 *
 * A descriptor that is closed at the start would be given to the next file that is opened, and what
 * is meant for a person would be written into that file. It gets /dev/null, opened the wrong way
 * round: reading stdin and writing stdout fail as they do on a closed descriptor, so a result that
 * nobody can have is still an error. Close-on-exec: a recorded program finds closed what was
 * closed.
 */
#include "cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

bool streams_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int flags = (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC;

        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest number that is free is fd. Where there is no /dev, the root directory is as
         * good. */
        if (open("/dev/null", flags) != fd && open("/", O_PATH | O_CLOEXEC) != fd)
            return false;
    }
    return true;
}

int streams_print(const char *text, size_t len)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (len) {
        ssize_t n = write(STDOUT_FILENO, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        /* Whoever shares the pipe may have made it one that does not wait. */
        if (n < 0 && errno == EAGAIN && poll(&out, 1, -1) >= 0)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        text += n;
        len -= (size_t)n;
    }
    return 0;
}
