import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@Suite("Errors are one short line")
struct FaultTests {
    @Test("A shape of any number of axes is shown by its beginning and its end", arguments: [400, 100_000])
    func longShape(axes: Int) {
        let extents = (1...axes).map { 1 << 20 + $0 }
        let line = refusal { try Shape(extents) }
        #expect(line.hasPrefix("shape [\(extents[0]), \(extents[1]), ") && line.contains(" … "))
        let end = ", \(extents[axes - 1])]: the shape has too many elements (expected at most \(1 << 48))"
        #expect(line.hasSuffix(end))
        #expect(line.utf8.count < 1000)
    }

    @Test("Each part of a line is short, and what is short is left as it is")
    func parts() {
        let long = String(repeating: "ä", count: 10_000)
        let fault = Fault(.invalidValue, at: long, long, found: long, expected: long)
        for part in [fault.place, fault.problem, fault.found ?? "", fault.expected ?? ""] {
            #expect(part.unicodeScalars.count == 703 && part.contains("ä … ä"))
        }
        #expect(fault.within(long).place.unicodeScalars.count == 703 + 2 + 703)
        let short = String(repeating: "a", count: 1000)
        #expect(Fault(.invalidValue, at: short, short, found: short).description.utf8.count > 3000)
        #expect(PrintedText.short(short) == short)
        #expect(PrintedText.short(short + "a").utf8.count == 705)
    }
}
