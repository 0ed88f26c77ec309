#!/bin/sh
# The compiler of our crates (cargo's RUSTC_WORKSPACE_WRAPPER): counts the edges that inputs reach. Dependencies are
# built as for the program, and shared with it; build scripts are programs of their own, which lack the counters.
case " $* " in
*' build_script_build '* | *' -vV '*) exec "$@" ;;
esac
exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Ccodegen-units=1
