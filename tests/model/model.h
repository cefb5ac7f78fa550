/* The randomized model test over one backend: model [--seed N] [--ops N] [--traces N]. */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

/* Run the test on the fixture that is set. argc, argv: those of main. Returns the exit status. */
int model_main(int argc, char **argv);

#endif
