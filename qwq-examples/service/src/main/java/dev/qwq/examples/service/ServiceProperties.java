package dev.qwq.examples.service;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What can be configured, as {@code qwq.…}.
 *
 * @param model a GGUF file or a Hugging Face folder; by default the tiny bundled model
 * @param contextLength tokens of the longest conversation; 0: the model's own, or what fits
 * @param kvCacheTokens tokens of all conversations in the KV cache; 0: what fits
 * @param maxReplies replies computed side by side
 * @param maxQueued replies that may wait for their turn; the next one is refused with status 503
 * @param maxTokens tokens of the longest reply, thinking included
 * @param maxConversations conversations of all users
 * @param maxConversationsPerUser conversations of one user
 * @param idleExpiry how long a conversation is kept that nobody uses
 * @param heartbeat how often a connection is written to while there is nothing to say: so long a
 *     client that has left can remain unnoticed
 * @param shutdownGrace how long replies may go on once the service is told to stop
 * @param retryAfter what a client that was refused is told to wait, where nobody knows better
 */
@ConfigurationProperties("qwq")
record ServiceProperties(
    @Nullable Path model,
    @DefaultValue("0") int contextLength,
    @DefaultValue("0") long kvCacheTokens,
    @DefaultValue("32") int maxReplies,
    @DefaultValue("64") int maxQueued,
    @DefaultValue("32768") int maxTokens,
    @DefaultValue("1000") int maxConversations,
    @DefaultValue("20") int maxConversationsPerUser,
    @DefaultValue("30m") Duration idleExpiry,
    @DefaultValue("1s") Duration heartbeat,
    @DefaultValue("10s") Duration shutdownGrace,
    @DefaultValue("5s") Duration retryAfter) {}
