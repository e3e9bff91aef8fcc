/**
 * Matrix products in bfloat16 through cuBLASLt, an optional library: one algorithm per weight matrix, so that a row's
 * bits do not depend on how many rows come along.
 */
package dev.tactus.cublaslt;
