package dev.qwq.chat.jinja;

import java.util.List;

/** What {@code keys()}, {@code values()} and {@code items()} of a dict return. */
record DictView(String name, List<Object> items) {}
