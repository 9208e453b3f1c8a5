/* Stands between a process and its file system (LD_PRELOAD): writes down everything that changes files below one directory, in
 * the order it happened, or lets chosen calls fail. Linux with the GNU C library; only for tests.
 *
 * EJIA_SHIM_DIR  the directory, without links in its path
 * EJIA_SHIM_LOG  where to write down; without it nothing is
 *
 * Faults are ordered by opening "/ejia-shim/errno/first/count": of the calls that follow, `count` ones from the `first` on fail
 * (1 is the next). Opening "/ejia-shim/calls" answers with errno = 100 + the number of calls since the order, at most 30000.
 *
 * A line of the log: type u8 | path u32 | offset u64 | data u32 | path bytes | data bytes, little endian.
 * W written, T cut to offset, S file synced, D directory synced, C made, R renamed (data is the new name), U removed,
 * K directory made, A said on standard output; M is written by the test itself: what a server had answered by then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir;
static size_t dir_len;
static int log_fd = -1;
static long calls, first, count;
static int failing;

__attribute__((constructor)) static void begin(void)
{
	dir = getenv("EJIA_SHIM_DIR");
	dir_len = dir ? strlen(dir) : 0;
	const char *path = getenv("EJIA_SHIM_LOG");
	if (dir && path)
		log_fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	/* What this process starts is none of ours. */
	unsetenv("LD_PRELOAD");
}

static int ours(const char *path)
{
	return dir && strncmp(path, dir, dir_len) == 0 && (path[dir_len] == '/' || !path[dir_len]);
}

/* The path of an open file below the directory; 0 if it is another one or has no name any more. */
static int named(int fd, char *path)
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
	if (len <= 0)
		return 0;
	path[len] = 0;
	return ours(path) && !strstr(path, " (deleted)");
}

/* The whole path of a name given to a call. */
static int whole(int at, const char *name, char *path)
{
	if (name[0] == '/') {
		snprintf(path, PATH_MAX, "%s", name);
	} else {
		char base[PATH_MAX];
		if (at == AT_FDCWD) {
			if (!getcwd(base, sizeof base))
				return 0;
		} else {
			char link[64];
			snprintf(link, sizeof link, "/proc/self/fd/%d", at);
			ssize_t len = syscall(SYS_readlinkat, AT_FDCWD, link, base, PATH_MAX - 1);
			if (len <= 0)
				return 0;
			base[len] = 0;
		}
		if (strlen(base) + strlen(name) + 2 > PATH_MAX)
			return 0;
		strcpy(path, base);
		strcat(path, "/");
		strcat(path, name);
	}
	return ours(path);
}

static void put(char type, const char *path, uint64_t offset, const void *data, uint32_t len)
{
	if (log_fd < 0)
		return;
	uint32_t path_len = strlen(path);
	unsigned char head[17];
	head[0] = type;
	memcpy(head + 1, &path_len, 4);
	memcpy(head + 5, &offset, 8);
	memcpy(head + 13, &len, 4);
	struct iovec parts[3] = {{head, 17}, {(void *)path, path_len}, {(void *)data, len}};
	syscall(SYS_writev, log_fd, parts, 3);
}

/* Counts a call that changes files and says whether it shall fail. */
static int fails(void)
{
	calls++;
	return failing && calls >= first && calls < first + count ? failing : 0;
}

static void order(const char *text)
{
	if (strcmp(text, "calls") == 0) {
		errno = 100 + (calls > 30000 ? 30000 : calls);
		return;
	}
	failing = 0;
	sscanf(text, "%d/%ld/%ld", &failing, &first, &count);
	calls = 0;
	errno = ENOENT;
}

static int open_any(int at, const char *name, int flags, mode_t mode)
{
	static const char prefix[] = "/ejia-shim/";
	char path[PATH_MAX];
	if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
		pthread_mutex_lock(&lock);
		order(name + sizeof prefix - 1);
		int saved = errno;
		pthread_mutex_unlock(&lock);
		errno = saved;
		return -1;
	}
	if (!(flags & (O_CREAT | O_TRUNC)) || !whole(at, name, path))
		return syscall(SYS_openat, at, name, flags, mode);
	pthread_mutex_lock(&lock);
	struct stat before;
	int existed = syscall(SYS_newfstatat, AT_FDCWD, path, &before, 0) == 0;
	int changes = existed ? (flags & O_TRUNC) && before.st_size > 0 : 1;
	int error = changes ? fails() : 0;
	int fd = -1;
	if (error) {
		errno = error;
	} else {
		fd = syscall(SYS_openat, at, name, flags, mode);
		if (fd >= 0 && changes)
			put(existed ? 'T' : 'C', path, 0, "", 0);
	}
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return fd;
}

#define MODE(flags) \
	mode_t mode = 0; \
	if ((flags) & (O_CREAT | O_TMPFILE)) { \
		va_list list; \
		va_start(list, flags); \
		mode = va_arg(list, mode_t); \
		va_end(list); \
	}

int open(const char *name, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return open_any(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return open_any(at, name, flags | O_LARGEFILE, mode); }

static ssize_t write_any(int fd, const void *bytes, size_t len, off_t offset)
{
	char path[PATH_MAX];
	int file = dir && fd != log_fd && named(fd, path);
	if (!file && !(fd == 1 && log_fd >= 0))
		return offset < 0 ? syscall(SYS_write, fd, bytes, len) : syscall(SYS_pwrite64, fd, bytes, len, offset);
	pthread_mutex_lock(&lock);
	off_t at = offset;
	if (file && offset < 0)
		at = syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
	int error = file ? fails() : 0;
	ssize_t done = -1;
	if (error) {
		errno = error;
		/* A full disk takes what still fits. */
		if (error == ENOSPC && calls == first && len > 1) {
			len /= 2;
			error = 0;
		}
	}
	if (!error)
		done = offset < 0 ? syscall(SYS_write, fd, bytes, len) : syscall(SYS_pwrite64, fd, bytes, len, offset);
	if (done > 0)
		put(file ? 'W' : 'A', file ? path : "", file ? at : 0, bytes, done);
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

ssize_t write(int fd, const void *bytes, size_t len) { return write_any(fd, bytes, len, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) { return write_any(fd, bytes, len, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at) { return write_any(fd, bytes, len, at); }

ssize_t writev(int fd, const struct iovec *parts, int number)
{
	char path[PATH_MAX];
	if (!dir || !named(fd, path))
		return syscall(SYS_writev, fd, parts, number);
	for (int i = 0; i < number; i++)
		if (parts[i].iov_len)
			return write_any(fd, parts[i].iov_base, parts[i].iov_len, -1);
	return 0;
}

static int truncate_any(int fd, off_t len)
{
	char path[PATH_MAX];
	if (!dir || !named(fd, path))
		return syscall(SYS_ftruncate, fd, len);
	pthread_mutex_lock(&lock);
	int error = fails(), done = -1;
	if (error)
		errno = error;
	else if ((done = syscall(SYS_ftruncate, fd, len)) == 0)
		put('T', path, len, "", 0);
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

int ftruncate(int fd, off_t len) { return truncate_any(fd, len); }
int ftruncate64(int fd, off64_t len) { return truncate_any(fd, len); }

static int sync_any(int fd, long number)
{
	char path[PATH_MAX];
	struct stat info;
	if (!dir || !named(fd, path) || syscall(SYS_fstat, fd, &info))
		return syscall(number, fd);
	pthread_mutex_lock(&lock);
	/* A full disk does not fail a sync; a broken one does. */
	int error = failing == ENOSPC ? 0 : fails(), done = -1;
	if (error)
		errno = error;
	else
		done = 0; /* No power is cut here: what the log says is what counts. */
	if (done == 0)
		put(S_ISDIR(info.st_mode) ? 'D' : 'S', path, 0, "", 0);
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

static int rename_any(int from_at, const char *from, int to_at, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];
	if (!whole(from_at, from, old) || !whole(to_at, to, new))
		return syscall(SYS_renameat2, from_at, from, to_at, to, 0);
	pthread_mutex_lock(&lock);
	int error = fails(), done = -1;
	if (error)
		errno = error;
	else if ((done = syscall(SYS_renameat2, from_at, from, to_at, to, 0)) == 0)
		put('R', old, 0, new, strlen(new));
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return rename_any(a, from, b, to); }

static int unlink_any(int at, const char *name, int flags)
{
	char path[PATH_MAX];
	if (!whole(at, name, path))
		return syscall(SYS_unlinkat, at, name, flags);
	pthread_mutex_lock(&lock);
	int done = syscall(SYS_unlinkat, at, name, flags);
	if (done == 0)
		put('U', path, 0, "", 0);
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

int unlink(const char *name) { return unlink_any(AT_FDCWD, name, 0); }
int unlinkat(int at, const char *name, int flags) { return unlink_any(at, name, flags); }
int rmdir(const char *name) { return unlink_any(AT_FDCWD, name, AT_REMOVEDIR); }

static int mkdir_any(int at, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	if (!whole(at, name, path))
		return syscall(SYS_mkdirat, at, name, mode);
	pthread_mutex_lock(&lock);
	int error = fails(), done = -1;
	if (error)
		errno = error;
	else if ((done = syscall(SYS_mkdirat, at, name, mode)) == 0)
		put('K', path, 0, "", 0);
	int saved = errno;
	pthread_mutex_unlock(&lock);
	errno = saved;
	return done;
}

int mkdir(const char *name, mode_t mode) { return mkdir_any(AT_FDCWD, name, mode); }
int mkdirat(int at, const char *name, mode_t mode) { return mkdir_any(at, name, mode); }
