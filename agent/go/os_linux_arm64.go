// SPDX-License-Identifier: Apache-2.0

package quarterdeck

const memfdNumber = 279
