/// A face that the detector sees, in fractions of its input or of the picture.
package struct FaceDetection: Sendable, Hashable {
    package var score: Float
    var box: Box
    /// x and y of six points: right eye (left in the picture), left eye, nose tip, mouth, right ear, left ear. The last
    /// four numbers are not used.
    package var keypoints: SIMD16<Float>

    package init(score: Float, low: SIMD2<Float>, size: SIMD2<Float>, keypoints: SIMD16<Float>) {
        self.score = score
        box = Box(low: low, size: size)
        self.keypoints = keypoints
    }

    package var low: SIMD2<Float> { box.low }
    package var size: SIMD2<Float> { box.size }

    /// In fractions of the picture: `detection_projection_calculator.cc`, for the square around the picture.
    func projected(width: Int, height: Int) -> FaceDetection {
        let size = SIMD2(Float(width), Float(height))
        let side = Float(max(width, height))
        let unit = 1 / size
        let scale = side * unit
        let shift = (-0.5 * side + 0.5 * size) * unit
        var result = self
        result.box.low = box.low * scale + shift
        result.box.size = (box.high * scale + shift) - result.box.low
        for point in stride(from: 0, to: 12, by: 2) {
            result.keypoints[point] = keypoints[point] * scale.x + shift.x
            result.keypoints[point + 1] = keypoints[point + 1] * scale.y + shift.y
        }
        return result
    }

    /// The rectangle in which its landmarks are looked for, of a detection in fractions of the picture:
    /// `detections_to_rects_calculator.cc`, grown.
    package func rectangle(width: Int, height: Int) -> FaceRectangle {
        ungrownRectangle(width: width, height: height).grown(width: width, height: height, isSquare: false)
    }

    package func ungrownRectangle(width: Int, height: Int) -> FaceRectangle {
        let center = box.low + box.size / 2
        return FaceRectangle(
            x: center.x, y: center.y, width: box.size.x, height: box.size.y,
            rotation: FaceRectangle.rotation(
                from: SIMD2(keypoints[0], keypoints[1]), to: SIMD2(keypoints[2], keypoints[3]), width: width,
                height: height))
    }
}
