package dev.qwq.saved;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * How a session file is laid out, all little-endian. Every part is followed by its CRC-32C, so that
 * nothing of a damaged file is used.
 *
 * <pre>
 *   "QWQSESS1"
 *   int32 bytes, header as JSON, crc
 *   int32 ids [tokens], bytes [ceil(tokens / 8)] one bit for each generated one, int32 ids [spoken], crc
 *   bytes [blockBytes], crc      for each block
 *   "QWQSEND1"
 * </pre>
 */
final class SessionFile {
  static final byte[] MAGIC = {'Q', 'W', 'Q', 'S', 'E', 'S', 'S', '1'};
  static final byte[] END = {'Q', 'W', 'Q', 'S', 'E', 'N', 'D', '1'};
  static final int MAX_HEADER_BYTES = 64 << 20;
  static final int CRC_BYTES = Integer.BYTES;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private SessionFile() {}

  static byte[] toJson(SessionHeader header) throws JsonProcessingException {
    return JSON.writeValueAsBytes(header);
  }

  static SessionHeader fromJson(byte[] json) throws IOException {
    return JSON.readValue(json, SessionHeader.class);
  }

  static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  /** Bytes of the part with the tokens, without its checksum. */
  static long tokenBytes(int tokens, int spoken) {
    return (long) Integer.BYTES * tokens
        + Math.ceilDiv(tokens, Byte.SIZE)
        + (long) Integer.BYTES * spoken;
  }

  static ByteBuffer tokens(int[] ids, BitSet generated, int[] spoken) {
    ByteBuffer part = allocate(Math.toIntExact(tokenBytes(ids.length, spoken.length)));
    for (int id : ids) {
      part.putInt(id);
    }
    byte[] bits = generated.toByteArray();
    part.put(bits);
    part.position(Integer.BYTES * ids.length + Math.ceilDiv(ids.length, Byte.SIZE));
    for (int id : spoken) {
      part.putInt(id);
    }
    return part.flip();
  }

  static int[] ids(ByteBuffer part, int count) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = part.getInt();
    }
    return ids;
  }

  static BitSet bits(ByteBuffer part, int count) {
    byte[] bytes = new byte[Math.ceilDiv(count, Byte.SIZE)];
    part.get(bytes);
    return BitSet.valueOf(bytes);
  }

  static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
