package capture

// The object is for little-endian machines of every architecture (amd64 and
// arm64 among them): the program touches nothing that differs between them.
//
//go:generate go tool bpf2go -strip llvm-strip -target bpfel -type event -type tally -output-stem record Record bpf/record.bpf.c -- -O2 -Wall -Werror -I/usr/include/x86_64-linux-gnu -I/usr/include/aarch64-linux-gnu
