/* SEQPACKET ping-pong between two processes with blocking read and write. Prints round trips and nanoseconds; paced,
 * the 50th, 95th, 99th and 99.9th percentile and processor time of both a trip, all in nanoseconds, and trips a second.
 * usage: seqpacket BYTES NANOSECONDS CPU_HERE CPU_THERE PER_SECOND FACTOR, a negative processor for any, 0 a second
 * for as fast as it goes; a paced run takes FACTOR times as long, and half as long again without a trip */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void run_on(int cpu)
{
	cpu_set_t set;
	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set) != 0) {
		perror("sched_setaffinity");
		_exit(1);
	}
}

static long long cpu(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;
	return (x > y) - (x < y);
}

static char msg[4096];

static void trip(int fd, long size)
{
	msg[0]++;
	if (write(fd, msg, size) != size || read(fd, msg, sizeof msg) != size) {
		perror("ping-pong");
		exit(1);
	}
}

/* paces n trips, or as many times nothing, and returns the processor time that both sides used */
static long long paced(int fd, long size, long n, long per_second, pid_t child, long long *took)
{
	clockid_t there;
	long long interval = 1000000000LL / per_second, next, at, used;
	long i;

	clock_getcpuclockid(child, &there);
	used = cpu(CLOCK_PROCESS_CPUTIME_ID) + cpu(there);
	next = now();
	for (i = 0; i < n; i++) {
		next += interval;
		if (now() > next)
			next = now();
		if (interval >= 1000000) { /* as the pacer of the others */
			struct timespec t = {next / 1000000000, next % 1000000000};
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		}
		while (now() < next)
			;
		if (took) {
			at = now();
			trip(fd, size);
			took[i] = now() - at;
		}
	}
	return cpu(CLOCK_PROCESS_CPUTIME_ID) + cpu(there) - used;
}

static long long percentile(const long long *took, long n, long per_mille)
{
	return took[(n * per_mille + 999) / 1000 - 1];
}

int main(int argc, char **argv)
{
	int fd[2], status;
	long size, per_second;
	long long wanted, start = 0, took = 0, trips = -1;
	pid_t child;

	if (argc != 7)
		return 2;
	size = atol(argv[1]);
	wanted = atoll(argv[2]);
	per_second = atol(argv[5]);
	if (size < 1 || size > (long)sizeof msg || wanted < 1 || per_second < 0)
		return 2;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0) {
		perror("socketpair");
		return 1;
	}
	switch (child = fork()) {
	case -1:
		perror("fork");
		return 1;
	case 0: {
		ssize_t n;
		close(fd[0]);
		run_on(atoi(argv[4]));
		while ((n = read(fd[1], msg, sizeof msg)) > 0)
			if (write(fd[1], msg, n) != n)
				_exit(1);
		_exit(n != 0);
	}
	}
	close(fd[1]);
	run_on(atoi(argv[3]));
	if (per_second > 0) {
		long n = atol(argv[6]) * (wanted / 1e9) * per_second, rest;
		long long *each, busy, idle;
		double rate;

		n = n < 1 ? 1 : n;
		rest = n / 2 < 1 ? 1 : n / 2;
		each = malloc(n * sizeof *each);
		trip(fd[0], size); /* waits for the child */
		start = now();
		busy = paced(fd[0], size, n, per_second, child, each);
		rate = n * 1e9 / (now() - start);
		idle = paced(fd[0], size, rest, per_second, child, NULL);
		qsort(each, n, sizeof *each, by_value);
		busy = busy / n - idle / rest;
		printf("%lld %lld %lld %lld %lld %f\n", percentile(each, n, 500), percentile(each, n, 950),
		       percentile(each, n, 990), percentile(each, n, 999), busy < 0 ? 0 : busy, rate);
		close(fd[0]);
		wait(&status);
		return status != 0;
	}
	while (took < wanted) { /* the first trip, number -1, waits for the child and is not timed */
		trip(fd[0], size);
		if (trips++ < 0)
			start = now();
		else if (trips % 64 == 0)
			took = now() - start;
	}
	close(fd[0]);
	wait(&status);
	printf("%lld %lld\n", trips, took);
	return status != 0;
}
