/** Tools of Model Context Protocol servers, for {@link dev.qwq.agent.Agent}. */
@NullMarked
package dev.qwq.mcp;

import org.jspecify.annotations.NullMarked;
