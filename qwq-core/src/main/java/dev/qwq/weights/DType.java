package dev.qwq.weights;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Element formats. A tensor's rows are whole blocks of {@link #blockElements()} elements in {@link
 * #blockBytes()} bytes each; a plain number format has one element in a block.
 *
 * <p>Formats that qwq cannot compute with are known too, so that messages can name them: see {@link
 * #isRunnable()}.
 */
public enum DType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17),
  NVFP4(40, 64, 36),
  Q1_0(41, 128, 18),
  // Of safetensors files only:
  BOOL(-1, 1, 1),
  U8(-1, 1, 1),
  U16(-1, 1, 2),
  U32(-1, 1, 4),
  U64(-1, 1, 8),
  F8_E4M3(-1, 1, 1),
  F8_E5M2(-1, 1, 1),
  F8_E8M0(-1, 1, 1);

  private static final List<DType> RUNNABLE =
      List.of(
          F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, IQ4_NL, IQ4_XS, Q4_0, Q3_K,
          Q2_K);

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  DType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /**
   * Finds the format of a GGUF type id.
   *
   * @param id any number
   * @return the format, or empty if the id is unknown
   */
  public static Optional<DType> ofId(long id) {
    return Arrays.stream(values()).filter(type -> type.id >= 0 && type.id == id).findFirst();
  }

  /**
   * Returns the formats that qwq computes with.
   *
   * @return an immutable list, the most exact first
   */
  public static List<DType> runnable() {
    return RUNNABLE;
  }

  /**
   * Returns the id of this format in GGUF files and in the native library.
   *
   * @return the id, or -1 if GGUF has no such format
   */
  public int id() {
    return id;
  }

  /**
   * Returns how many elements one block holds.
   *
   * @return 1, 32 or 256
   */
  public int blockElements() {
    return blockElements;
  }

  /**
   * Returns the size of one block.
   *
   * @return its size in bytes
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Returns the size of a run of elements.
   *
   * @param elements how many, a multiple of {@link #blockElements()}
   * @return their size in bytes
   * @throws IllegalArgumentException if they are no whole number of blocks
   * @throws ArithmeticException if the size exceeds a long
   */
  public long bytes(long elements) {
    if (elements < 0 || elements % blockElements != 0) {
      throw new IllegalArgumentException(
          elements + " elements are no whole number of " + this + " blocks");
    }
    return Math.multiplyExact(elements / blockElements, blockBytes);
  }

  /**
   * Tells whether qwq can compute with this format.
   *
   * @return whether it is one of {@link #runnable()}
   */
  public boolean isRunnable() {
    return RUNNABLE.contains(this);
  }

  /**
   * Tells whether this is a plain floating-point format that vectors (norms, biases) come in.
   *
   * @return whether it is F32, F16 or BF16
   */
  public boolean isFloat() {
    return this == F32 || this == F16 || this == BF16;
  }
}
