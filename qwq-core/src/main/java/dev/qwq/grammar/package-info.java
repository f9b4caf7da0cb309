/**
 * Grammars that say which tokens may come next.
 *
 * <p>Regular expressions and JSON Schemas become automata over bytes ({@link dev.qwq.grammar.Dfa}),
 * strung together by {@linkplain dev.qwq.grammar.Node nodes} with a stack. A {@link
 * dev.qwq.grammar.Grammar} walks a {@link dev.qwq.grammar.TokenTrie}, the vocabulary as a tree of
 * bytes, along them.
 */
@NullMarked
package dev.qwq.grammar;

import org.jspecify.annotations.NullMarked;
