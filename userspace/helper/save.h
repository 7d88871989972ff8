/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_THAW_SAVE_H
#define XEN_THAW_SAVE_H

/**
 * save_run() - do what a call with --save-domain asks for
 * @stock: path of the stock helper
 * @argc: of main()
 * @argv: of main()
 * @start: clock_now() at the program's start
 *
 * The stock helper saves; what it writes is written into the file in the packed
 * form. A save that is not into a regular file becomes the stock helper's.
 *
 * Return: a wait status, if at all.
 */
int save_run(const char *stock, int argc, char **argv, double start);

#endif /* XEN_THAW_SAVE_H */
