// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// func publish(to *uint64, head uint64, ahead uintptr)
TEXT ·publish(SB), NOSPLIT, $0-24
	MOVQ to+0(FP), AX
	MOVQ head+8(FP), BX
	MOVQ ahead+16(FP), CX
	MOVQ BX, (AX)
	BYTE $0x0f; BYTE $0x0d; BYTE $0x09 // PREFETCHW (CX), which the assembler does not know
	RET
