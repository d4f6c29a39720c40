/* notify.h - tells the service manager how far the service is (systemd's sd_notify protocol).
 *
 * One datagram to the socket that $NOTIFY_SOCKET names: a path, or '@' and an abstract name. The protocol is stable and
 * documented in sd_notify(3), and shorter than a dependency.
 *
 * Thread:  any. Never waits: a manager that takes nothing is not told.
 * Errors:  none. Without $NOTIFY_SOCKET nothing is sent.
 */
#pragma once

/* "READY=1", "STOPPING=1" or "RELOADING=1". */
void notify_manager(const char *state);
