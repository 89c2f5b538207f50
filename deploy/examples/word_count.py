"""A verifier of one's own: the answer must be a sentence of so many words.

[verifier.plugins]
word_count = "deploy.examples.word_count:WordCountVerifier"
"""

from typing import ClassVar

from verifiers import Example, GroundTruthError, Verdict, Verifier, VerifyRequest


class WordCountVerifier(Verifier):
    name: ClassVar[str] = "word_count"
    examples = (Example("Cats sleep here.", 3, 1.0), Example("No.", 3, 0.0))

    def verify(self, request: VerifyRequest) -> Verdict:
        if not isinstance(request.ground_truth, int):
            raise GroundTruthError(f"word_count expects a number of words, got {request.ground_truth!r}")
        if not (words := request.response.split()):
            return Verdict.no_answer("empty")
        return Verdict.compared(len(words) == request.ground_truth, f"{len(words)} words")
