import EmotionFormerSystem

/// A rotated rectangle of a picture: center and size as fractions of the picture's width and height, the angle in radians,
/// clockwise as seen.
///
/// Numbers are rounded to float32 after each operation, in MediaPipe's order, so that they equal its to the bit.
package struct FaceRectangle: Sendable, Hashable {
    package var x: Float
    package var y: Float
    package var width: Float
    package var height: Float
    package var rotation: Float

    package init(x: Float, y: Float, width: Float, height: Float, rotation: Float = 0) {
        (self.x, self.y, self.width, self.height, self.rotation) = (x, y, width, height, rotation)
    }

    /// The angle that turns the line from one point to another level: `detections_to_rects_calculator.cc`.
    /// - Parameters:
    ///   - start: fractions of the picture, as `end`.
    package static func rotation(
        from start: SIMD2<Float>, to end: SIMD2<Float>, width: Int, height: Int
    ) -> Float {
        let size = SIMD2(Float(width), Float(height))
        let (first, second) = (start * size, end * size)
        return normalized(0 - atan2f(-(second.y - first.y), second.x - first.x))
    }

    /// The same angle between −π and π.
    static func normalized(_ angle: Float) -> Float {
        let (angle, turn) = (Double(angle), 2 * Double.pi)
        return Float(angle - turn * floor((angle + Double.pi) / turn))
    }

    /// One and a half times as large: `rect_transformation_calculator.cc`.
    /// - Parameter isSquare: whether both sides, in pixels, become as long as the longer one first.
    package func grown(width pictureWidth: Int, height pictureHeight: Int, isSquare: Bool) -> FaceRectangle {
        var result = self
        if isSquare {
            let longSide = max(width * Float(pictureWidth), height * Float(pictureHeight))
            result.width = longSide / Float(pictureWidth)
            result.height = longSide / Float(pictureHeight)
        }
        result.width *= 1.5
        result.height *= 1.5
        return result
    }

    /// Whether there is something in it to look at.
    package var isUsable: Bool {
        width > 0 && height > 0 && x.isFinite && y.isFinite && width.isFinite && height.isFinite && rotation.isFinite
    }

    /// The share of the common area in the area of both, without regard to the angles.
    func overlap(with other: FaceRectangle) -> Float {
        Box(self).overlap(with: Box(other))
    }
}
