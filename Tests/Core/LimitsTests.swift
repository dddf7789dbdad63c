import Testing

@testable import EmotionFormerCore

@Suite struct LimitsTests {
    /// A line's number takes a pass over the file: asked for at each of 20,000 shapes it took minutes.
    @Test("the place of what is within a limit is not looked for")
    func place() throws {
        var placesAsked = 0
        func place() -> String {
            placesAsked += 1
            return "line 1"
        }
        try Limits().check(.rank, 8, at: place(), "the shape has too many axes")
        #expect(placesAsked == 0)
        let fault = #expect(throws: Fault.self) {
            try Limits().check(.rank, 9, at: place(), "the shape has too many axes")
        }
        #expect(fault?.place == "line 1")
        #expect(placesAsked == 1)
    }
}
