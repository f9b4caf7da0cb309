package dev.qwq.engine;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * What a full KV block holds, and all blocks before it: 128 bits of a SHA-256 over the key of the
 * block before and the block's tokens with their roles. Two blocks with the same key hold the same
 * K and V, bit for bit. A weaker hash would let one user's prompt pass for another's.
 */
record BlockKey(long high, long low) {

  /** Computes keys, one block after the other. Not thread-safe. */
  static final class Hasher {
    private static final int KEY_BYTES = 2 * Long.BYTES;

    private final MessageDigest sha256 = newSha256();
    private final ByteBuffer input;
    private final byte[] output = new byte[sha256.getDigestLength()];

    Hasher(int blockSize) {
      input = ByteBuffer.allocate(KEY_BYTES + blockSize * Integer.BYTES);
    }

    /**
     * Returns the key of the block that begins at a token.
     *
     * @param before the key of the block before; null for the first
     * @param from the block's first token; the whole block is in the history
     */
    BlockKey key(@Nullable BlockKey before, TokenHistory history, int from) {
      input.clear();
      input.putLong(before == null ? 0 : before.high).putLong(before == null ? 0 : before.low);
      for (int i = from; input.hasRemaining(); i++) {
        input.putInt(history.token(i) << 1 | history.role(i).nativeValue());
      }
      sha256.update(input.array());
      try {
        sha256.digest(output, 0, output.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      ByteBuffer digest = ByteBuffer.wrap(output);
      return new BlockKey(digest.getLong(), digest.getLong());
    }

    private static MessageDigest newSha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }
  }
}
