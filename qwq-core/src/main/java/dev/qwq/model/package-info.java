/**
 * Models as they lie on disk: weights, hyper-parameters, tokenizer, chat template and generation
 * defaults, from GGUF files and Hugging Face folders alike.
 *
 * <p>{@link dev.qwq.model.ModelSource} is the entry point.
 */
@NullMarked
package dev.qwq.model;

import org.jspecify.annotations.NullMarked;
