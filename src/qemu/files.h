/* The files of a guest and their owner, where QEMU runs as a user of its own: given away before the
 * process is made, given back when it has ended.
 *
 *   files_look    what would have to change goes into args.owners, and so into the journal
 *   files_take    it changes; undo: files_return
 *   files_keep    the operation commits: the guest holds them from here on, and its runtime row says so
 *   files_give_back   the process has ended, now or under an earlier daemon: a job gives them back,
 *                     and then the row goes. A start of the same domain waits for it.
 *
 * A file that another running guest of this driver uses too is not given back: that guest holds it
 * from there on. */
#pragma once

#include "qemu/guest.h"

OpStepFn files_look, files_take, files_return;
void files_keep(Op *op);
/* Of an active guest that ended, or of one that has no process any more; `held`, JSON, is taken
 * over, and may be NULL. Deletes the domain's runtime row in any case. */
void files_give_back(Driver *driver, const Domain *d, char *held);
/* The driver closes: what is under way goes on, and the next daemon does it again. */
void files_abandon(Driver *driver);
