/* Kills the program in which it is loaded at the DIE_AT-th call of the system that would write to a file whose name
 * holds DIE_FILE: before it, or, if DIE_TORN is set, when half of it is written. It is put before the C library by
 * LD_PRELOAD, so that the program under test is the one that people run, and knows nothing of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_ours(const char *name) {
    const char *wanted = getenv("DIE_FILE");
    return wanted && strstr(name, wanted);
}

static int is_ours_open(int file) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return is_ours(name);
}

/* Whether it is time. */
static int is_last(void) {
    static long calls;
    const char *at = getenv("DIE_AT");
    return at && ++calls == atol(at);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void step(int file) {
    if (is_ours_open(file) && is_last()) die();
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

ssize_t write(int file, const void *bytes, size_t size) {
    ssize_t (*next)(int, const void *, size_t) = real("write");
    if (is_ours_open(file) && is_last()) {
        if (getenv("DIE_TORN")) next(file, bytes, size / 2);
        die();
    }
    return next(file, bytes, size);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t place) {
    ssize_t (*next)(int, const void *, size_t, off_t) = real("pwrite");
    if (is_ours_open(file) && is_last()) {
        if (getenv("DIE_TORN")) next(file, bytes, size / 2, place);
        die();
    }
    return next(file, bytes, size, place);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t place) {
    ssize_t (*next)(int, const void *, size_t, off64_t) = real("pwrite64");
    if (is_ours_open(file) && is_last()) {
        if (getenv("DIE_TORN")) next(file, bytes, size / 2, place);
        die();
    }
    return next(file, bytes, size, place);
}

int ftruncate(int file, off_t size) {
    step(file);
    return ((int (*)(int, off_t))real("ftruncate"))(file, size);
}

int ftruncate64(int file, off64_t size) {
    step(file);
    return ((int (*)(int, off64_t))real("ftruncate64"))(file, size);
}

int fsync(int file) {
    step(file);
    return ((int (*)(int))real("fsync"))(file);
}

int fdatasync(int file) {
    step(file);
    return ((int (*)(int))real("fdatasync"))(file);
}

int unlink(const char *name) {
    if (is_ours(name) && is_last()) die();
    return ((int (*)(const char *))real("unlink"))(name);
}
