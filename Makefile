# SPDX-License-Identifier: GPL-2.0-only
#
# Targets for people. What the module is made of is in Kbuild, which the
# kernel's build system reads instead of this file.

kdir = $(or $(KDIR),/lib/modules/$(KVER)/build)
KVER = $(or $(if $(KDIR),$(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	'$(KDIR)/include/generated/utsrelease.h')),$(shell uname -r))
incdir = $(DESTDIR)/usr/src/klua-headers-$(KVER)
moddir = $(DESTDIR)$(INSTALL_MOD_PATH)
prefix ?= /usr/local
mandir ?= $(prefix)/share/man
man9dir = $(DESTDIR)$(mandir)/man9
kernel-doc = $(or $(KERNEL_DOC),$(wildcard $(kdir)/scripts/kernel-doc))
# A kernel that clang compiled takes modules that this version of clang compiled,
# whose tools' names may end with it.
clang = $(shell sed -n 's/^CONFIG_CLANG_VERSION=\([0-9]*\)[0-9]\{4\}$$/\1/p' \
	'$(kdir)/include/config/auto.conf' 2>/dev/null)
llvm = $(if $(LLVM),,$(if $(filter-out 0,$(clang)),LLVM=$(if $(shell \
	command -v ld.lld-$(clang)),-$(clang),1)))

.DEFAULT_GOAL := module
.PHONY: help module tool docs install uninstall deb run shell test torture fuzz bench \
	bench-baseline check clean distclean core headers llvm

help:
	@echo 'For a kernel of your own:'
	@echo '  make             builds klua.ko for the running kernel (KDIR=dir: for another)'
	@echo '  make tool        builds the program klua, at build/tools/klua'
	@echo '  make docs        renders the man pages of the API, at build/man9'
	@echo '  make install     installs klua.ko, its headers, Module.symvers, klua and, where'
	@echo '                   there is a kernel-doc, the man pages'
	@echo '                   (DESTDIR=, INSTALL_MOD_PATH= as usual)'
	@echo '  make uninstall   takes them away again'
	@echo '  make deb         makes the Debian packages klua, klua-dkms and klua-dev, in'
	@echo '                   build/deb'
	@echo
	@echo 'In a virtual machine; this machine and its kernel stay as they are:'
	@echo '  make run         a DNS packet filter in Lua, with real packets'
	@echo '  make run SCRIPT=my.lua [MAXALLOC=1M] [STEPS=n] [TIME=20s]'
	@echo '                   runs your own script in a fresh state'
	@echo '  make shell       a shell with klua.ko loaded; with SCRIPT=my.sh one that reads'
	@echo '                   its commands there, and fails as they do'
	@echo '  make test        all tests; TESTS="name..." or GROUP=name runs some,'
	@echo '                   ON="stock kasan kcsan" chooses the kernels (also those of'
	@echo '                   tests/vm/debian.list, or all), V=1 shows more'
	@echo '  make torture     tortures the states manager for SECS=n seconds on each of'
	@echo '                   ON="stock kasan kcsan"; WITH="parameter=value..." of'
	@echo '                   klua_torture.ko'
	@echo '  make fuzz        fuzzes the Lua core in user space (SECS=n), then compares its'
	@echo '                   numbers and generated programs with those of lua5.3'
	@echo '  make bench       measures what everything costs (BASE=revision: compares with it;'
	@echo '                   ROWS=name,... some of it; see tests/bench/README.md)'
	@echo '  make bench-baseline  keeps the figures that make test compares with'
	@echo '  make check       the style checks'
	@echo
	@echo 'Each of these gets what it needs from Debian by itself. One can bring:'
	@echo '  KERNEL=bzImage KDIR=dir   the kernel to boot and its build directory'
	@echo '  LUA_TARBALL=file          lua-5.3.6.tar.gz'
	@echo
	@echo '  make clean       removes what was built here; keeps the downloads'
	@echo '  make distclean   removes everything that is not the source'

core:
	@lua/import.sh

# What the kernel's make is told of the compiler, for tests/vm/modules.sh
llvm:
	@echo '$(llvm)'

headers:
	@test -e '$(kdir)/Makefile' || { \
		echo "No kernel headers at $(kdir)." \
		     $(if $(KDIR),,"On Debian: apt-get install linux-headers-$(KVER)." \
		     "Elsewhere: make KDIR=directory.") >&2; exit 2; }
	@test -e '$(kdir)/Module.symvers' || { \
		echo "$(kdir) has no Module.symvers: KLua would not load." \
		     "Build that kernel's modules first." >&2; exit 2; }

# What the compiler says of a full disk is many lines, and of the files that it was
# writing then some would be in the way later.
module: headers core
	@test -e klua.ko || tools/room.sh '$(CURDIR)' 40 KLua
	$(MAKE) -C '$(kdir)' M='$(CURDIR)' $(llvm) modules

# The program for administrators, which needs three libraries.
tool:
	@pkg-config --exists libmnl libedit json-c 2>/dev/null || { \
		echo "The program klua needs pkg-config, libmnl, libedit and json-c." \
		     "On Debian: apt-get install pkgconf libmnl-dev libedit-dev libjson-c-dev." \
		     >&2; exit 2; }
	$(MAKE) -C tools/klua O='$(CURDIR)/build/tools'

# By the kernel's own script, which is in its source and, on Debian, in the
# package linux-kbuild that the headers need.
docs:
	@test -n '$(kernel-doc)' || { \
		echo "No scripts/kernel-doc in $(kdir)." \
		     "Try: make docs KERNEL_DOC=program." >&2; exit 2; }
	@doc/man.sh '$(kernel-doc)' build/man9

# What is installed is all of it or nothing, also where a disk is nearly full.
install: module tool $(if $(kernel-doc),docs)
	@need=$$(du -cm klua.ko Module.symvers build/tools build/man9 lua/src 2>/dev/null | \
		sed -n '$$s/[^0-9].*//p'); \
	for dir in '$(moddir)/lib/modules' '$(incdir)' '$(DESTDIR)$(prefix)'; do \
		tools/room.sh "$$dir" "$$need" 'make install' || exit; \
	done
	$(MAKE) -C tools/klua O='$(CURDIR)/build/tools' install
	$(MAKE) -C '$(kdir)' M='$(CURDIR)' $(llvm) INSTALL_MOD_DIR=updates \
		INSTALL_MOD_PATH='$(moddir)' modules_install
	$(if $(moddir),,depmod '$(KVER)')
	install -d '$(incdir)'
	cp --parents -t '$(incdir)' $(wildcard states.h compat.h heap.h luaconf.h uapi/*.h \
		lua/*.h) $(addprefix lua/src/,lua.h lauxlib.h lualib.h) \
		Module.symvers
	$(if $(kernel-doc),install -D -m 644 -t '$(man9dir)' build/man9/*.9)

uninstall:
	rm -f '$(man9dir)'/klua_*.9 '$(man9dir)'/__klua_*.9
	rm -f '$(moddir)/lib/modules/$(KVER)/updates/klua.ko'*
	rm -rf '$(incdir)'
	$(MAKE) -C tools/klua uninstall
	$(if $(moddir),,depmod '$(KVER)')

deb:
	@tools/deb/build.sh

# Whatever a recipe's exit status is, make's own is 2; but with -q make hands on
# the 1 of a recipe that it runs all the same, as those with a + are. So "make
# run" ends with 1 after an error in the script, and with 2 where it could not
# run it. (With -n it still only says what it would do.)
ifeq ($(MAKECMDGOALS) $(findstring n,$(firstword -$(MAKEFLAGS))),run )
MAKEFLAGS := q$(MAKEFLAGS)
regardless := +
endif

run:
	$(regardless)@tests/vm/play.sh $(if $(SCRIPT),script "$$SCRIPT",demo)

shell:
	@tests/vm/play.sh shell $(if $(SCRIPT),"$$SCRIPT")

test:
	@tests/run.sh $(addprefix -k ,$(ON)) $(GROUP) $(TESTS)

torture:
	@tests/torture/run.sh $(addprefix -k ,$(ON)) $(if $(SECS),-s $(SECS)) $(WITH)

fuzz:
	@tests/fuzz/run.sh $(if $(SECS),--secs $(SECS))
	@tests/fuzz/run.sh --hunt $(if $(SECS),--secs $(SECS))
	@tests/numbers/run.sh

bench:
	@tests/bench/run.sh $(if $(BASE),--base '$(BASE)') $(if $(ROWS),--rows '$(ROWS)')
	@tests/bench/time.sh $(if $(BASE),--base '$(BASE)') $(if $(ROWS),--rows '$(ROWS)')

bench-baseline:
	@tests/bench/run.sh --update

check:
	@tests/run.sh check

clean:
	@find . \( -path ./build -o -path ./.git \) -prune -o -type f \( \
		-name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name '.*.d' -o -name modules.order \
		-o -name Module.symvers \) -exec rm -f {} +
	rm -rf build/modules build/tools build/logs build/tmp.*

distclean: clean
	rm -rf build lua/src
