/* SEQPACKET ping-pong between two processes with blocking read and write. Prints round trips and nanoseconds.
 * usage: seqpacket BYTES NANOSECONDS CPU_HERE CPU_THERE, a negative processor for any */
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

int main(int argc, char **argv)
{
	static char msg[4096];
	int fd[2], status;
	long size;
	long long wanted, start = 0, took = 0, trips = -1;

	if (argc != 5)
		return 2;
	size = atol(argv[1]);
	wanted = atoll(argv[2]);
	if (size < 1 || size > (long)sizeof msg || wanted < 1)
		return 2;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0) {
		perror("socketpair");
		return 1;
	}
	switch (fork()) {
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
	while (took < wanted) { /* the first trip, number -1, waits for the child and is not timed */
		msg[0]++;
		if (write(fd[0], msg, size) != size || read(fd[0], msg, sizeof msg) != size) {
			perror("ping-pong");
			return 1;
		}
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
