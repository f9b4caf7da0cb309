/**
 * A model that uses tools.
 *
 * <p>An {@link dev.qwq.agent.Agent} sends a message, runs the tool calls of the reply and sends
 * their results, until the model answers. {@link dev.qwq.agent.AgentReply} tells what happened,
 * {@link dev.qwq.agent.AgentEvent} while it happens.
 */
@NullMarked
package dev.qwq.agent;

import org.jspecify.annotations.NullMarked;
