import Testing

@testable import EmotionFormerLandmarks

@Suite("From the mesh's outputs to landmarks, and from frame to frame")
struct TrackingTests {
    private static let frameSize = FaceMesh.landmarkCount * 3

    private func unsmoothed(_ frame: Int) throws -> [SIMD3<Float>] {
        let values = try Golden.array("ANG.unsmoothed")
        return [SIMD3<Float>](values[frame * TrackingTests.frameSize..<(frame + 1) * TrackingTests.frameSize])
    }

    @Test("Landmarks and presence equal MediaPipe's to the bit, given the network's outputs")
    func projection() throws {
        let golden = try Golden.clip("ANG")
        let raw = try Golden.array("ANG.raw")
        for frame in 0..<3 {
            var landmarks = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)
            let rectangle = FaceRectangle(golden.frames[frame].rect)
            landmarks.withUnsafeMutableBufferPointer { landmarks in
                raw.withUnsafeBufferPointer { raw in
                    FaceMesh.project(
                        raw.baseAddress.unsafelyUnwrapped + frame * TrackingTests.frameSize, from: rectangle,
                        width: 480, height: 360, to: landmarks.baseAddress.unsafelyUnwrapped)
                }
            }
            #expect(landmarks == (try unsmoothed(frame)))
        }
        for frame in golden.frames { #expect(sigmoid(frame.presenceLogit) == frame.presence) }
    }

    @Test("The next frame's rectangle equals MediaPipe's to the bit, given the landmarks before smoothing")
    func nextRectangle() throws {
        let golden = try Golden.clip("ANG")
        for frame in golden.frames {
            let landmarks = try unsmoothed(frame.frame)
            let next = landmarks.withUnsafeBufferPointer {
                FaceMesh.rectangle(around: $0.baseAddress.unsafelyUnwrapped, width: 480, height: 360)
            }
            #expect(next.values == frame.nextRect)
        }
    }

    @Test("Smoothed landmarks equal MediaPipe's to the bit; with other times they do not")
    func smoothing() throws {
        let golden = try Golden.clip("ANG")
        let expected = try Golden.landmarks("ANG")
        var (right, wrong) = (LandmarkSmoothing(), LandmarkSmoothing())
        var differs = false
        for frame in golden.frames {
            func smooth(_ smoothing: inout LandmarkSmoothing, at milliseconds: Int) throws -> [SIMD3<Float>] {
                var landmarks = try unsmoothed(frame.frame)
                landmarks.withUnsafeMutableBufferPointer {
                    smoothing.smooth(
                        $0.baseAddress.unsafelyUnwrapped, milliseconds: milliseconds, width: 480, height: 360)
                }
                return landmarks
            }
            let start = frame.frame * TrackingTests.frameSize
            let smoothed = [SIMD3<Float>](expected[start..<start + TrackingTests.frameSize])
            #expect(try smooth(&right, at: frame.milliseconds) == smoothed)
            if try smooth(&wrong, at: frame.frame * 40) != smoothed { differs = true }
        }
        #expect(differs)
    }

    private func detection(_ x: Float, _ y: Float) -> FaceDetection {
        // Level eyes, so that the rectangle is not turned; in a square picture nothing is projected.
        var keypoints = SIMD16<Float>()
        (keypoints[0], keypoints[1], keypoints[2], keypoints[3]) = (x - 0.02, y, x + 0.02, y)
        return FaceDetection(
            score: 0.9, low: SIMD2(x - 0.05, y - 0.05), size: SIMD2(0.1, 0.1), keypoints: keypoints)
    }

    private func tracking(faces: Int, threshold: Float = 0.5, mode: FaceLandmarkerOptions.RunningMode = .video)
        -> FaceTracking
    {
        FaceTracking(.init(runningMode: mode, numFaces: faces, minTrackingConfidence: threshold))
    }

    private func centers(_ tracking: FaceTracking) -> [Float] {
        tracking.rectangles.map { ($0.x * 100).rounded() }
    }

    @Test("A face that is followed comes first; one that the detector sees in its place replaces it, at the end")
    func association() {
        var tracking = tracking(faces: 3)
        tracking.begin([detection(0.2, 0.5), detection(0.5, 0.5)], width: 100, height: 100)
        #expect(centers(tracking) == [20, 50])
        for rectangle in tracking.rectangles { tracking.follow(rectangle) }
        #expect(tracking.wantsDetection)
        // The first is seen again, a little to the right, and a third.
        tracking.begin([detection(0.21, 0.5), detection(0.8, 0.5)], width: 100, height: 100)
        #expect(centers(tracking) == [50, 21, 80])
        for rectangle in tracking.rectangles { tracking.follow(rectangle) }
        #expect(!tracking.wantsDetection)
        tracking.begin([], width: 100, height: 100)
        #expect(centers(tracking) == [50, 21, 80])
    }

    @Test("Two faces that run into each other become one; a threshold of 1 keeps both")
    func merging() {
        for (threshold, expected) in [(0.5, [22]), (1, [20, 22])] as [(Float, [Float])] {
            var tracking = tracking(faces: 2, threshold: threshold)
            tracking.follow(FaceRectangle(x: 0.2, y: 0.5, width: 0.15, height: 0.15))
            tracking.follow(FaceRectangle(x: 0.22, y: 0.5, width: 0.15, height: 0.15))
            tracking.begin([], width: 100, height: 100)
            #expect(centers(tracking) == expected)
        }
    }

    @Test("No more faces than wanted; those that were followed stay")
    func limit() {
        var tracking = tracking(faces: 2)
        tracking.follow(FaceRectangle(x: 0.2, y: 0.5, width: 0.15, height: 0.15))
        tracking.begin([detection(0.5, 0.5), detection(0.8, 0.5)], width: 100, height: 100)
        #expect(centers(tracking) == [20, 50])
    }

    @Test("Single pictures have no memory, and no association")
    func pictures() {
        var tracking = tracking(faces: 2, mode: .image)
        tracking.begin([detection(0.2, 0.5), detection(0.21, 0.5)], width: 100, height: 100)
        #expect(centers(tracking) == [20, 21])
        for rectangle in tracking.rectangles { tracking.follow(rectangle) }
        tracking.begin([], width: 100, height: 100)
        #expect(tracking.rectangles.isEmpty)
    }
}
