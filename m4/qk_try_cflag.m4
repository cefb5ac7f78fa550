dnl QK_TRY_CFLAG(FLAG, IF-ACCEPTED): asks the C compiler, with warnings as errors, whether it knows FLAG.
AC_DEFUN([QK_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC accepts $1])
  qk_try_cflag_save=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes])
     CFLAGS=$qk_try_cflag_save
     $2],
    [AC_MSG_RESULT([no])
     CFLAGS=$qk_try_cflag_save])
])
