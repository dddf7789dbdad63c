#pragma once
// What the tests of the kernels call of the C library: Embedded Swift has no module of it.
double exp(double), expm1(double), log(double), log1p(double), tanh(double), erf(double), erfc(double), sin(double);
int putchar(int);
char *getenv(const char *);
void exit(int) __attribute__((noreturn));
