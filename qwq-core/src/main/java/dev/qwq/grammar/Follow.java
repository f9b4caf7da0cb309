package dev.qwq.grammar;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The ways a text may go on from a place where a part has ended. Immutable. */
final class Follow {
  private final List<Position> positions;
  private final boolean end;
  private @Nullable Boolean mayEndText;

  private Follow(List<Position> positions, boolean end) {
    this.positions = positions;
    this.end = end;
  }

  /** Where texts go on; a position whose terminal may be empty stands for what follows it, too. */
  List<Position> positions() {
    return positions;
  }

  /** Whether the text may end here. */
  boolean mayEndText() {
    Boolean known = mayEndText;
    if (known == null) {
      known = end || positions.stream().anyMatch(Position::mayEndText);
      mayEndText = known;
    }
    return known;
  }

  /** Collects the ways. */
  static final class Builder {
    private final Set<Position> positions = new LinkedHashSet<>();
    private boolean end;

    void add(Position position) {
      positions.add(position);
    }

    void end() {
      end = true;
    }

    Follow build() {
      return new Follow(List.copyOf(positions), end);
    }
  }
}
