"""The benchmark of finding the rule for a text, with 10, 100 and 1000 rules: ``make bench ARGS=rules``."""

import datetime
import random
import timeit
from collections.abc import Callable

from wechat.replies.matching import CompiledRules, compile_rules
from wechat.replies.specs import Compare, FollowerFacts, KeywordSpec, RuleSpec, Trigger
from wechat.sdk.beijing import BEIJING
from wechat.sdk.messages import Text

MOMENT = datetime.datetime(2026, 3, 2, 12, tzinfo=BEIJING)
SAID = "你好，我上周买的那双鞋想换一个尺码，请问怎么办理退换货？订单号 20260301，麻烦尽快，谢谢！"
SIZES = (10, 100, 1000)
ROUNDS, REPEATS = 2000, 7
SETS: dict[str, tuple[Compare, ...]] = {
    "keywords": (Compare.CONTAINS, Compare.EQUALS, Compare.STARTS_WITH),
    "expressions": (Compare.REGEX,),
    "both": tuple(Compare),
}


def rules(size: int, compares: tuple[Compare, ...]) -> CompiledRules:
    """Returns compiled rules of which only the last one matches, so that no search ends early."""
    drawn = random.Random(7)
    specs = [_rule(number, drawn, compares) for number in range(size - 1)]
    last = KeywordSpec(Compare.CONTAINS, "退换货")
    return compile_rules(
        [*specs, RuleSpec(id=size, position=size, trigger=Trigger.KEYWORD, keywords=(last,))]
    )


def _rule(number: int, drawn: random.Random, compares: tuple[Compare, ...]) -> RuleSpec:
    word = "".join(chr(drawn.randrange(0x4E00, 0x9FA5)) for _ in range(3))
    compare = compares[number % len(compares)]
    text = rf"{word}\d+[号次]?$" if compare is Compare.REGEX else word
    return RuleSpec(
        id=number, position=number, trigger=Trigger.KEYWORD, keywords=(KeywordSpec(compare, text),)
    )


def microseconds(call: Callable[[], object]) -> float:
    return min(timeit.repeat(call, number=ROUNDS, repeat=REPEATS)) / ROUNDS * 1e6


def main() -> None:
    message = Text(to="gh_1", openid="oA", create_time=1, content=SAID)
    print(f"{'':12} {'rules':>6} {'µs a text':>10} {'ratio to 10':>12}")
    for name, compares in SETS.items():
        first = 0.0
        for size in SIZES:
            compiled = rules(size, compares)
            cost = microseconds(lambda compiled=compiled: compiled.match(message, MOMENT, FollowerFacts()))  # type: ignore[misc]  # default argument
            first = first or cost
            print(f"{name:12} {size:6} {cost:10.1f} {cost / first:12.2f}")


if __name__ == "__main__":
    main()
