// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// func publish(to *uint64, head uint64)
TEXT ·publish(SB), NOSPLIT, $0-16
	MOVQ to+0(FP), AX
	MOVQ head+8(FP), BX
	MOVQ BX, (AX)
	RET
