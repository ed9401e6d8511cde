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

// func watch(seq *uint64, have uint64, signs *uint32, mask, turns uint32, message, answer *byte, lines uint32)
TEXT ·watch(SB), NOSPLIT, $0-52
	MOVQ seq+0(FP), AX
	MOVQ have+8(FP), BX
	MOVQ signs+16(FP), DX
	MOVL mask+24(FP), SI
	MOVL turns+28(FP), DI
	MOVQ message+32(FP), CX
	MOVQ answer+40(FP), R8
	MOVL lines+48(FP), R9
again:
	PREFETCHT0 (CX)
	CMPQ BX, (AX)
	JNE  moved
	TESTL SI, (DX)
	JNE  done
	PAUSE
	SUBL $1, DI
	JNE  again
done:
	RET
moved:
	BYTE $0x41; BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (R8), which the assembler does not know
	ADDQ $64, R8
	SUBL $1, R9
	JG   moved
	RET
