import Testing

@testable import EmotionFormerLandmarks

@Suite("From the detector's outputs to faces")
struct DetectorTests {
    private func detector(threshold: Float, atMost count: Int = 1) throws -> FaceDetector {
        var detector = FaceDetector(threshold: threshold)
        let boxes = try Golden.array("ANG.regressors")
        let logits = try Golden.array("ANG.logits")
        boxes.withUnsafeBufferPointer { boxes in
            logits.withUnsafeBufferPointer { logits in
                detector.find(
                    boxes: boxes.baseAddress.unsafelyUnwrapped, logits: logits.baseAddress.unsafelyUnwrapped,
                    atMost: count)
            }
        }
        return detector
    }

    private func equal(_ found: FaceDetection, _ expected: Golden.Detection) -> Bool {
        found.score == expected.score
            && [found.low.x, found.low.y, found.size.x, found.size.y] == expected.box
            && (0..<12).map { found.keypoints[$0] } == expected.keypoints
    }

    @Test("Candidates, the face they are merged to and its rectangle equal MediaPipe's to the bit")
    func golden() throws {
        let golden = try #require(try Golden.clip("ANG").frames[0].detector)
        let found = try detector(threshold: 0.5)
        let expected = golden.candidates.sorted { $0.score > $1.score }
        try #require(found.candidates.count == expected.count)
        for (one, other) in zip(found.candidates, expected) { #expect(equal(one, other)) }
        try #require(found.faces.count == golden.merged.count)
        #expect(equal(found.faces[0], golden.merged[0]))
        let face = found.faces[0].projected(width: 480, height: 360)
        #expect((0..<12).map { face.keypoints[$0] } == golden.keypoints)
        #expect(face.ungrownRectangle(width: 480, height: 360).values == golden.faceRect)
        #expect(face.rectangle(width: 480, height: 360).values == (try Golden.clip("ANG")).frames[0].rect)
    }

    @Test("The threshold decides which boxes are merged, and so where the face is")
    func threshold() throws {
        let golden = try #require(try Golden.clip("ANG").frames[0].detector)
        let strict = try detector(threshold: 0.95)
        #expect(strict.candidates.count == 1)
        #expect(!equal(strict.faces[0], golden.merged[0]))
        #expect(try detector(threshold: 1).faces.isEmpty)
        let all = try detector(threshold: 0, atMost: 64)
        #expect(all.candidates.count > 100)
        #expect(all.faces.count == 64)
        #expect(zip(all.candidates, all.candidates.dropFirst()).allSatisfy { $0.score >= $1.score })
    }

    @Test("Angles are between −π and π, clockwise as seen")
    func angles() {
        let picture = (width: 200, height: 100)
        func angle(_ x: Float, _ y: Float) -> Float {
            FaceRectangle.rotation(
                from: SIMD2(0.5, 0.5), to: SIMD2(0.5 + x, 0.5 + y), width: picture.width, height: picture.height)
        }
        #expect(angle(0.1, 0) == 0)
        #expect(abs(angle(0.1, 0.2) - .pi / 4) < 1e-6, "in pixels, not in fractions")
        #expect(abs(angle(0.1, -0.2) + .pi / 4) < 1e-6)
        #expect(abs(abs(angle(-0.1, 0)) - .pi) < 1e-6)
    }
}
