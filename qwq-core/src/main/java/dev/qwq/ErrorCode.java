package dev.qwq;

/** What went wrong, for programs; the message of the {@link QwqException} is for people. */
public enum ErrorCode {
  /** A file or folder does not exist or cannot be read. */
  FILE_UNREADABLE,
  /** A file is damaged or not what it claims to be: truncated, wrong magic, sizes that disagree. */
  MALFORMED_FILE,
  /**
   * A well-formed file of an architecture, type, tokenizer or rope scaling that is not supported.
   */
  UNSUPPORTED_MODEL,
  /** The model has no tokenizer, and the call needs one. */
  NO_TOKENIZER,
  /** The model has no chat template, and the call needs one. */
  NO_CHAT_TEMPLATE,
  /** A chat template does not parse, fails, or exceeds its limits. */
  TEMPLATE_FAILED,
  /** The prompt does not fit the context. */
  CONTEXT_EXCEEDED,
  /** A parameter is out of its documented range. */
  INVALID_ARGUMENT,
  /** JSON is damaged, or not what its schema or Java type asks for. */
  INVALID_JSON,
  /** A reply ended before the answer that its output format asks for was complete. */
  INCOMPLETE_REPLY,
  /** Not enough memory for weights, KV cache or workspace; the message has the numbers. */
  OUT_OF_MEMORY,
  /** No native library for this platform could be found or loaded. */
  NATIVE_LIBRARY,
  /** The backend or CPU instruction set asked for cannot run on this machine. */
  UNSUPPORTED_BACKEND,
  /** The session is still busy with another reply. */
  SESSION_BUSY,
  /** The model or session is closed. */
  CLOSED,
  /** The engine's queue is full. */
  QUEUE_FULL,
  /** A mapped weight file was changed by someone else while in use. */
  WEIGHTS_DAMAGED,
  /** A saved session is of another model, or of another kind of KV cache. */
  SESSION_MISMATCH,
  /** A defect in qwq. */
  INTERNAL
}
