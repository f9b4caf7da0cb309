/**
 * Text to token ids and back: byte-level BPE as the Qwen family uses it, read from the model's own
 * files.
 *
 * <p>{@link dev.qwq.tokenizer.Tokenizer} is the entry point. Ids are exactly those of the Hugging
 * Face tokenizer of the same model; nothing is prepended or appended.
 */
package dev.qwq.tokenizer;
