package dev.qwq.saved;

import java.util.List;
import java.util.Map;

/**
 * The part of a session file that people can read.
 *
 * @param fingerprint of the model, by part
 * @param messages what was said
 * @param tokens how many token ids the KV history has
 * @param computed how many of them have K and V in the file
 * @param blockSize tokens of a block
 * @param blockBytes bytes of a block
 * @param spoken how many ids the last prompt and its reply have
 * @param lastPrompt how many of them are the prompt; -1 if the conversation does not end with a
 *     reply
 * @param start what that prompt said about thinking
 * @param opened whether it ended in an open marker
 */
public record SessionHeader(
    Map<String, String> fingerprint,
    List<SavedMessage> messages,
    int tokens,
    int computed,
    int blockSize,
    long blockBytes,
    int spoken,
    int lastPrompt,
    String start,
    boolean opened) {

  /**
   * A message.
   *
   * @param role who speaks, as the chat template names it
   * @param content what is said
   * @param reasoning the thinking before it
   * @param toolCalls what was to be called
   */
  public record SavedMessage(
      String role, String content, String reasoning, List<SavedCall> toolCalls) {}

  /**
   * A tool call.
   *
   * @param name of the tool
   * @param arguments by name
   */
  public record SavedCall(String name, Map<String, Object> arguments) {}

  /** Blocks in the file. */
  int blocks() {
    return Math.ceilDiv(computed, blockSize);
  }
}
