package capture

// The object is for little-endian machines of every architecture (amd64 and
// arm64 among them): the program touches nothing that differs between them.
// SOURCES and CLANG tell what it was made from and with.
//
//go:generate go tool bpf2go -strip llvm-strip -target bpfel -type event -type event6 -type tally -type stream -output-stem record Record bpf/record.bpf.c -- -O2 -Wall -Werror -I/usr/include/x86_64-linux-gnu -I/usr/include/aarch64-linux-gnu
//go:generate sh -c "cd bpf && sha256sum *.c *.h >SOURCES"
//go:generate sh -c "clang --version | sed -n 's/.*clang version \\([0-9]*\\).*/\\1/p' >bpf/CLANG"
