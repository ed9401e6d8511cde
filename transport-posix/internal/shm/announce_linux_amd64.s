#include "textflag.h"

// func announce(length *uint32, n uint32, seq *uint64, have uint64, signal *uint32, moved uint32)
TEXT ·announce(SB), NOSPLIT, $0-44
	MOVQ length+0(FP), AX
	MOVL n+8(FP), BX
	MOVQ seq+16(FP), CX
	MOVQ have+24(FP), DX
	MOVQ signal+32(FP), SI
	MOVL moved+40(FP), DI
	MOVL BX, (AX)
	MOVQ DX, (CX)
	MOVL DI, (SI)
	RET

// func own(line *byte)
TEXT ·own(SB), NOSPLIT, $0-8
	MOVQ line+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX), which the assembler does not know
	RET
