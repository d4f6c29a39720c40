/* file.h - a file of the folder: found, and read a part at a time.
 *
 * Only regular files are served. A sibling with a suffix of the order takes the place of a file. One that is older does
 * not, since it was made of something else. What is read is what was found: each part is compared with the file's size
 * and time.
 *
 * Life:    file_work() for each wait of an order -> file_end().
 * Owner:   the order.
 * Thread:  any, and it blocks as the disk does.
 * Limits:  one buffer of FILE_PART_BYTES, whatever the file's size.
 * Errors:  order->outcome; of FILE_FAILED the log says why.
 */
#pragma once

#include "files/values/file_order.h"

/* Finds the file of an order, or reads the next part of the one that it has found. The file is closed behind its last. */
void file_work(struct file_order *order);
/* Nothing more is read. */
void file_end(struct file_order *order);
