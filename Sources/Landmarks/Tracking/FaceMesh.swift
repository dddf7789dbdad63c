import EmotionFormerSystem

/// What the mesh network's outputs say: 478 points in pixels of its input become landmarks of the picture.
package enum FaceMesh {
    static let side = 256
    package static let landmarkCount = 478

    /// `landmark_projection_calculator.cc`.
    /// - Parameters:
    ///   - points: 478 × 3 numbers, in pixels of the network's input.
    ///   - rectangle: where the input lies in the picture.
    ///   - landmarks: 478, in fractions of the picture.
    package static func project(
        _ points: UnsafePointer<Float>, from rectangle: FaceRectangle, width: Int, height: Int,
        to landmarks: UnsafeMutablePointer<SIMD3<Float>>
    ) {
        let (pictureWidth, pictureHeight) = (Float(width), Float(height))
        let (w, h) = (rectangle.width * pictureWidth, rectangle.height * pictureHeight)
        let (cx, cy) = (rectangle.x * pictureWidth, rectangle.y * pictureHeight)
        let (c, s) = (cosf(rectangle.rotation), sinf(rectangle.rotation))
        let (g, k) = (1 / pictureWidth, 1 / pictureHeight)
        let (m0, m1) = (w * c * g, -h * s * g)
        let m3 = (-0.5 * w * c + 0.5 * h * s + cx) * g
        let (m4, m5) = (w * s * k, h * c * k)
        let m7 = (-0.5 * h * c - 0.5 * w * s + cy) * k
        // The length of the input's upper side in fractions of the picture, which is not the rectangle's width when the
        // face is turned.
        let (across, down) = (Double(m0 + m3 - m3), Double(m4 + m7 - m7))
        let depth = Float((across * across + down * down).squareRoot())
        let size = Float(side)
        for index in 0..<landmarkCount {
            let x = points[index * 3] / size
            let y = points[index * 3 + 1] / size
            let z = points[index * 3 + 2] / size
            landmarks[index] = SIMD3(x * m0 + y * m1 + m3, x * m4 + y * m5 + m7, z * depth)
        }
    }

    /// Where the face is looked for in the next frame: around all landmarks, level with the eyes, square, grown.
    package static func rectangle(
        around landmarks: UnsafePointer<SIMD3<Float>>, width: Int, height: Int
    ) -> FaceRectangle {
        // In MediaPipe the maximum begins with the smallest positive number.
        var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude)
        var high = SIMD2<Float>(repeating: .leastNormalMagnitude)
        for index in 0..<landmarkCount {
            let point = SIMD2(landmarks[index].x, landmarks[index].y)
            low.replace(with: point, where: point .< low)
            high.replace(with: point, where: point .> high)
        }
        let size = high - low
        let center = low + size / 2
        let (right, left) = (landmarks[33], landmarks[263])
        return FaceRectangle(
            x: center.x, y: center.y, width: size.x, height: size.y,
            rotation: FaceRectangle.rotation(
                from: SIMD2(right.x, right.y), to: SIMD2(left.x, left.y), width: width, height: height)
        ).grown(width: width, height: height, isSquare: true)
    }
}
