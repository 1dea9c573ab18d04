/* Loaded into a process, turns its clock and slows its disk: a file of two numbers says by how much.
 * 1. milliseconds added to the wall clock, 2. microseconds waited before every write is on the disk. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *turned;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SHIM_FILE");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(NULL, 16, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) turned = map;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *told) {
  int done = (int)syscall(SYS_clock_gettime, clock, told);
  int64_t by = turned ? turned[0] : 0;
  if (done == 0 && by && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t nanos = told->tv_nsec + (by % 1000) * 1000000;
    int64_t seconds = told->tv_sec + by / 1000;
    while (nanos < 0) { nanos += 1000000000; seconds--; }
    while (nanos >= 1000000000) { nanos -= 1000000000; seconds++; }
    told->tv_sec = seconds;
    told->tv_nsec = nanos;
  }
  return done;
}

/* PostgreSQL and SQLite ask in these older ways. */
int gettimeofday(struct timeval *restrict told, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int done = clock_gettime(CLOCK_REALTIME, &now);
  told->tv_sec = now.tv_sec;
  told->tv_usec = now.tv_nsec / 1000;
  return done;
}

time_t time(time_t *told) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (told) *told = now.tv_sec;
  return now.tv_sec;
}

static void slowly(void) {
  if (turned && turned[1] > 0) usleep((useconds_t)turned[1]);
}

int fsync(int file) { slowly(); return (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { slowly(); return (int)syscall(SYS_fdatasync, file); }
