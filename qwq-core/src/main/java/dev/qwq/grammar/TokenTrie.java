package dev.qwq.grammar;

import dev.qwq.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * A vocabulary as a tree of bytes, its nodes in the order of a walk that visits parents first. The
 * ordinary tokens are one tree, added tokens that are text ({@code </think>}) a second one: they
 * belong to places that ask for them only. Special tokens are in neither. Immutable but for what is
 * remembered; safe for use by many threads.
 */
public final class TokenTrie {
  /** Of no token. */
  static final int NONE = -1;

  /** A subtree that is not plain throughout. */
  private static final int NOT_PLAIN = 255;

  private final byte[][] tokenBytes;
  private final int words;
  private final byte[] labels; // the byte that leads to a node
  private final int[] ends; // behind the last node of its subtree
  private final int[] tokens; // the token that ends at a node
  private final int[] twins; // [tokens] another token of the same bytes
  private final byte[] plainReach; // most characters of a token in the subtree, or NOT_PLAIN
  private final int ordinaryEnd;
  private final int[][] plainByLength;
  private final Map<Terminal, TerminalMasks> shared = new ConcurrentHashMap<>();

  /**
   * Builds the tree of a model's vocabulary; some 200 ms for 150,000 tokens.
   *
   * @param tokenizer the model's
   * @param vocabSize ids the model has, padding included; at least the tokenizer's
   */
  public TokenTrie(Tokenizer tokenizer, int vocabSize) {
    this(bytes(tokenizer, false), bytes(tokenizer, true), vocabSize);
  }

  /**
   * Builds a tree of given tokens.
   *
   * @param ordinary the bytes of each id; empty: no ordinary token
   * @param added the same for added tokens that are text
   */
  TokenTrie(byte[][] ordinary, byte[][] added, int vocabSize) {
    words = Math.ceilDiv(vocabSize, Integer.SIZE);
    tokenBytes = new byte[ordinary.length][];
    for (int id = 0; id < ordinary.length; id++) {
      tokenBytes[id] = ordinary[id].length > 0 ? ordinary[id] : added[id];
    }
    twins = new int[ordinary.length];
    Arrays.fill(twins, NONE);
    TrieBuilder builder = new TrieBuilder(twins);
    builder.add(ordinary);
    ordinaryEnd = builder.size();
    builder.add(added);
    labels = builder.labels();
    ends = builder.ends();
    tokens = builder.tokens();
    plainReach = new byte[labels.length];
    plainByLength = new int[plainLengths()][];
    fillPlain();
    // Nearly every grammar has strings: what takes longest is done before a reply waits for it.
    TerminalMasks strings = shared(JsonSyntax.STRING);
    int inside = JsonSyntax.STRING.dfa().next(0, '"');
    strings.addInside(inside, new int[words]);
    strings.ends(inside);
  }

  private static byte[][] bytes(Tokenizer tokenizer, boolean added) {
    byte[][] bytes = new byte[tokenizer.size()][];
    for (int id = 0; id < bytes.length; id++) {
      boolean wanted = tokenizer.isAdded(id) == added && !tokenizer.isSpecial(id);
      bytes[id] = wanted ? tokenizer.bytes(id) : new byte[0];
    }
    return bytes;
  }

  /**
   * Returns how many characters a token has that stands in any JSON string as it is: valid UTF-8
   * without quote, backslash and control characters.
   *
   * @return above 0, or {@link #NOT_PLAIN}
   */
  private static int plainLength(byte[] bytes) {
    for (byte b : bytes) {
      if (b == '"' || b == '\\' || (b >= 0 && b < ' ')) {
        return NOT_PLAIN;
      }
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return Math.min(text.codePointCount(0, text.length()), NOT_PLAIN);
    } catch (CharacterCodingException e) {
      return NOT_PLAIN;
    }
  }

  private int plainLengths() {
    int longest = 0;
    for (int node = ordinaryEnd - 1; node > 0; node--) {
      if (tokens[node] != NONE) {
        int length = plainLength(tokenBytes[tokens[node]]);
        if (length != NOT_PLAIN) {
          longest = Math.max(longest, length);
        }
      }
    }
    return longest + 1;
  }

  private void fillPlain() {
    List<List<Integer>> byLength = new ArrayList<>();
    for (int i = 0; i < plainByLength.length; i++) {
      byLength.add(new ArrayList<>());
    }
    int[] reach = new int[labels.length];
    for (int node = labels.length - 1; node >= 0; node--) {
      if (tokens[node] != NONE) {
        int length = node < ordinaryEnd ? plainLength(tokenBytes[tokens[node]]) : NOT_PLAIN;
        reach[node] = Math.max(reach[node], length);
        if (length != NOT_PLAIN) {
          byLength.get(length).add(tokens[node]);
        }
      }
      for (int child = node + 1; child < ends[node]; child = ends[child]) {
        reach[node] = Math.max(reach[node], reach[child]);
      }
      plainReach[node] = (byte) reach[node];
    }
    int[] mask = new int[words];
    for (int length = 0; length < plainByLength.length; length++) {
      if (!byLength.get(length).isEmpty() || length == 0) {
        mask = mask.clone();
        for (int token : byLength.get(length)) {
          setWithTwins(mask, token);
        }
      }
      plainByLength[length] = mask;
    }
  }

  /** The longest plain token, in characters. */
  int longestPlain() {
    return plainByLength.length - 1;
  }

  /** The plain tokens of at most so many characters; not to be changed. */
  int[] plain(int characters) {
    return plainByLength[Math.min(characters, longestPlain())];
  }

  /**
   * Whether all tokens below a node are plain and have at most so many characters from the root.
   */
  boolean isPlain(int node, int characters) {
    return (plainReach[node] & 0xFF) <= characters;
  }

  int words() {
    return words;
  }

  /** The roots of the trees: of ordinary tokens, and of added ones too where they are wanted. */
  int[] roots(boolean added) {
    return added && ordinaryEnd < labels.length ? new int[] {0, ordinaryEnd} : new int[] {0};
  }

  int label(int node) {
    return labels[node] & 0xFF;
  }

  int end(int node) {
    return ends[node];
  }

  int token(int node) {
    return tokens[node];
  }

  /** Allows the token that ends at a node, if one does. */
  void allow(int node, int[] mask) {
    if (tokens[node] != NONE) {
      setWithTwins(mask, tokens[node]);
    }
  }

  private void setWithTwins(int[] mask, int token) {
    for (int id = token; id != NONE; id = twins[id]) {
      mask[id / Integer.SIZE] |= 1 << id % Integer.SIZE;
    }
  }

  /** The bytes of a token; empty for special tokens and padding. */
  byte[] bytes(int token) {
    return token < tokenBytes.length ? tokenBytes[token] : new byte[0];
  }

  /** The tokens that have a byte in them. */
  int[] tokensWith(byte wanted) {
    return IntStream.range(0, tokenBytes.length)
        .filter(
            id -> {
              for (byte b : tokenBytes[id]) {
                if (b == wanted) {
                  return true;
                }
              }
              return false;
            })
        .toArray();
  }

  /** What is remembered of a terminal that many grammars use. */
  TerminalMasks shared(Terminal terminal) {
    return shared.computeIfAbsent(terminal, key -> new TerminalMasks(this, key));
  }
}
