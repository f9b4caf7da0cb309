package dev.qwq.tokenizer;

import dev.qwq.MalformedFileException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Finds added tokens in text, leftmost first and of those that begin together the longest. */
final class AddedTokens {
  // Bounds the time per character; the longest known is below 40.
  private static final int MAX_LENGTH = 1024;

  private final Map<String, Integer> ids = new HashMap<>();
  private final BitSet special = new BitSet();
  private final BitSet added = new BitSet();
  private final int[] lengths; // in chars, by id
  private final Node root = new Node();

  private static final class Node {
    private char[] labels = {};
    private Node[] children = {};
    private int id = -1;

    int find(char c) {
      return Arrays.binarySearch(labels, c);
    }

    Node child(char c) {
      int at = find(c);
      if (at >= 0) {
        return children[at];
      }
      at = -at - 1;
      char[] moreLabels = new char[labels.length + 1];
      Node[] moreChildren = new Node[labels.length + 1];
      System.arraycopy(labels, 0, moreLabels, 0, at);
      System.arraycopy(children, 0, moreChildren, 0, at);
      System.arraycopy(labels, at, moreLabels, at + 1, labels.length - at);
      System.arraycopy(children, at, moreChildren, at + 1, labels.length - at);
      moreLabels[at] = c;
      moreChildren[at] = new Node();
      labels = moreLabels;
      children = moreChildren;
      return moreChildren[at];
    }
  }

  AddedTokens(TokenizerData data) {
    lengths =
        new int[data.addedTokens().stream().mapToInt(token -> token.id() + 1).max().orElse(0)];
    for (TokenizerData.AddedToken token : data.addedTokens()) {
      String content = token.content();
      if (content.isEmpty() || content.length() > MAX_LENGTH) {
        throw new MalformedFileException(
            data.source(),
            "added token " + token.id(),
            "1 to " + MAX_LENGTH + " characters",
            String.valueOf(content.length()));
      }
      Integer other = ids.put(content, token.id());
      if (other != null && other != token.id() || other == null && added.get(token.id())) {
        throw new MalformedFileException(
            data.source(),
            "added token \"" + content + "\"",
            "one text for one id",
            "a second one for id " + (other != null ? other : token.id()));
      }
      added.set(token.id());
      lengths[token.id()] = content.length();
      special.set(token.id(), token.special());
      Node node = root;
      for (int i = 0; i < content.length(); i++) {
        node = node.child(content.charAt(i));
      }
      node.id = token.id();
    }
  }

  OptionalInt id(String content) {
    Integer id = ids.get(content);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  boolean isAdded(int id) {
    return id >= 0 && added.get(id);
  }

  boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** Returns the length of an added token's text. */
  int length(int id) {
    return lengths[id];
  }

  /**
   * Looks for the first token in {@code [from, to)}.
   *
   * @return {@code position << 32 | id}, or -1
   */
  long findFirst(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      int at = root.find(text.charAt(i));
      if (at < 0) {
        continue;
      }
      Node node = root.children[at];
      int id = node.id;
      for (int j = i + 1; j < to; j++) {
        at = node.find(text.charAt(j));
        if (at < 0) {
          break;
        }
        node = node.children[at];
        if (node.id >= 0) {
          id = node.id;
        }
      }
      if (id >= 0) {
        return (long) i << 32 | id;
      }
    }
    return -1;
  }
}
