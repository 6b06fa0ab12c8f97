/* terminal.c - see terminal.h. */
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_parse_size(struct cli *cli, unsigned width_min, unsigned height_min,
                         unsigned *ret_width, unsigned *ret_height)
{
    unsigned width, height;
    char rest;

    if (sscanf(cli->arg, "%4ux%4u%c", &width, &height, &rest) == 2 && width >= width_min &&
        width <= TERMINAL_CELLS_MAX && height >= height_min && height <= TERMINAL_CELLS_MAX) {
        *ret_width = width;
        *ret_height = height;
        return true;
    }
    cli_usage(cli,
              "--size: '%s' is not a size, want COLUMNSxROWS from %ux%u to %ux%u, such as 80x24",
              cli->arg, width_min, height_min, TERMINAL_CELLS_MAX, TERMINAL_CELLS_MAX);
    return false;
}

void terminal_size(unsigned *ret_width, unsigned *ret_height)
{
    struct winsize size = {0};

    *ret_width = 80;
    *ret_height = 24;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col &&
        size.ws_row) {
        *ret_width = CLAMP((unsigned)size.ws_col, 1u, TERMINAL_CELLS_MAX);
        *ret_height = CLAMP((unsigned)size.ws_row, 1u, TERMINAL_CELLS_MAX);
    }
}

bool terminal_has_256_colors(const struct cli *cli)
{
    const char *term = getenv("TERM"), *color = getenv("COLORTERM");

    return cli->color && ((term && strstr(term, "256color")) || (color && *color));
}
